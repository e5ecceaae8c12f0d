"""The API for machines: the same actions and reads as the screens and commands, over JSON.

`operation` ties together what an operation asks for, gives and documents; `views` are the
operations; `registry` is where the room above adds its own.
"""
