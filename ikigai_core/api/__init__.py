"""Every endpoint of the platform, once, as a pure function that returns a frozen `Call`.

The wire's words (project, pipeline) stop at this layer; what is above says app and flow.
"""
