"""Attribution: how much of each conversion is owed to each channel and touchpoint. What comes out is association, not cause."""
