"""Alembic's migrations: tables only. Functions, triggers, views and grants are re-derived."""
