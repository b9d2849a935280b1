"""What is known of a child outside the images: symptoms, laboratory values, treatments, painful places."""
