"""What the town knows: every layer, field, audience and style, declared once. No I/O."""
