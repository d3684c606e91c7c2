"""The embedded estate: a world to scan, simulators that real SDKs talk to over HTTP, and the answer key.

The demo and the tests use the same simulators. They follow the providers' documented answers.
"""
