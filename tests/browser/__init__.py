"""Pages in a real browser: at three widths, by keyboard, without JavaScript, on paper, and as axe-core sees them."""
