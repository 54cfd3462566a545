"""Story → good deed: the deed, its people and their consent, its pictures, nominations, and the leads that a story brings."""
