"""What a command line may say: options, and texts such as "a=1" or "x=1:5"."""
