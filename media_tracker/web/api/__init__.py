"""What other programs ask: outlets' systems hand stories in; and the tokens that they show."""
