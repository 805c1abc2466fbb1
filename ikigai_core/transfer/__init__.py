"""Transfers of data: the steps of uploads and downloads, and the pools that transfer the bytes.

Bytes never pass through procedures. Memory use is limited: files are read and written in chunks, part by part.
"""
