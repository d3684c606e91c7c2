"""Types that pass between the stages. This package imports nothing of ours."""
