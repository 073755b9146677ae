-- Named for what it is: a post, or an agency assignment that covers no post.
ALTER TABLE staffing RENAME COLUMN place TO staffing_unit;
