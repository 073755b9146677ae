-- Named for what it is: subjects wait in it for their timelines to be derived.
ALTER TABLE to_derive RENAME TO derivation_queue;
