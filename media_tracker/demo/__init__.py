"""The whole system to try out: sample outlets, stories, problems at every stage, accounts. All of it is marked and removable."""
