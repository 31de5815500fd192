"""What can be made of schedules: sequences, products, slices, repetitions."""
