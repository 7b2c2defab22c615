"""What people call: one Tanjun component a feature, thin doors to the state."""
