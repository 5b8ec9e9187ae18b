"""The operations of the protocol: one file per noun. A handler asks the store or the engine, and answers."""
