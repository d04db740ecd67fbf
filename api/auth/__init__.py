"""Signing in and out, machine tokens, one-time codes and OpenID Connect."""
