"""`alp query`, `alp release …`, `alp report`: reading what is published."""
