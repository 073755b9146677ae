-- One name for one thing: what could not be taken in is a dead letter.
ALTER TABLE set_aside_event RENAME TO dead_letter_event;
