"""Every endpoint of the platform, as a pure function that returns a frozen `Call`.

The API's own words (project, pipeline) are used only in this layer. All other layers say app and flow.
"""
