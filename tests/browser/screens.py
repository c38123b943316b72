"""What pages are looked at with."""

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 375, "height": 812}
