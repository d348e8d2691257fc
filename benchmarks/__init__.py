"""What `make bench` runs: figures beside a floor or a bare process measured in the same run. None is a test."""
