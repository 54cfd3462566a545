"""Counting, lists, released figures, exports. ``credit`` and ``counting`` are pure: every number comes from them."""
