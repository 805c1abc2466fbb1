"""What a user holds: apps, datasets, flows, directories. Texts are shared; sync and async classes are thin faces."""
