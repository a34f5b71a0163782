"""What is true without a computer: values and rules, standard library only, no I/O, no clock."""
