"""Translation to and from model vendors.

Public: `base` (the values and the `Provider` protocol), `errors`, `registry.Providers` (what the server
builds once and closes), `catalog` (prices, context windows, default models). One adapter per vendor, all
over one HTTP module; vendors' SDKs are imported by the first call that needs them.
"""
