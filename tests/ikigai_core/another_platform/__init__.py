"""A second platform, of the tests' own: it takes every freedom that the platform's API leaves, the other way.

It shares no code with the local platform. Ids, times, the order of fields and the lag of statuses and logs differ;
lists are cut short; and what the API leaves open is answered otherwise.
"""
