"""What runs in the reader's child process: one module for each way to read a file.

Nothing here imports anything of ours outside this folder, and nothing but `etl.reader` starts it
(`letters` alone, pure arithmetic on bytes, is also used by the parent).
"""
