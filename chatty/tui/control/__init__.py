"""What stands behind the screens: the intentions of a person, carried out over the client library.

Nothing here touches a widget: all that comes of an intention goes through the store.
"""
