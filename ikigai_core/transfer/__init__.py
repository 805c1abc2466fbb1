"""Moving data: what an upload and a download consist of, and the pools that move the bytes.

Bytes never go through procedures. Memory stays bounded: files are read and written in chunks, part by part.
"""
