"""What people do: each act is one function, keyword-only, with who did it, and audited.

`plans`: preview, choose, send, cancel, retry, undo. `choices`: switches, links, decisions.
`repairs`: verify, forget. They know no HTTP and no rights: a view asks for those first, and hands
in the sections that a person is limited to (None: to none).
"""
