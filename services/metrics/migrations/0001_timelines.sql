-- The timelines, derived by services/metrics/timelines from the events in the inbox. Every row can be thrown away and
-- derived again. Stretches are half open; 'infinity' means that no end is known.

CREATE TABLE occupancy (
    authority text NOT NULL,
    worker text NOT NULL,
    post text NOT NULL,
    fte numeric(9, 6) NOT NULL CHECK (fte > 0),
    valid_from date NOT NULL,
    valid_to date NOT NULL,
    known_from timestamptz NOT NULL,
    known_to timestamptz NOT NULL,
    PRIMARY KEY (authority, worker, post, valid_from, known_from),
    CHECK (valid_from < valid_to),
    CHECK (known_from < known_to)
);

CREATE INDEX occupancy_by_post ON occupancy (authority, post);

CREATE TABLE cover (
    authority text NOT NULL,
    cover text NOT NULL,
    agency_worker text NOT NULL,
    post text,
    fte numeric(12, 6) NOT NULL,
    reason text NOT NULL,
    role text,
    team text,
    service_area text,
    csww_role smallint,
    valid_from date NOT NULL,
    valid_to date NOT NULL,
    known_from timestamptz NOT NULL,
    known_to timestamptz NOT NULL,
    PRIMARY KEY (authority, cover, valid_from, known_from),
    CHECK (valid_from < valid_to),
    CHECK (known_from < known_to)
);

CREATE INDEX cover_by_post ON cover (authority, post);

CREATE TABLE staffing (
    authority text NOT NULL,
    place text NOT NULL,
    role text,
    team text,
    service_area text,
    grade text,
    csww_role smallint,
    establishment numeric(12, 6) NOT NULL,
    in_post numeric(12, 6) NOT NULL,
    vacancies numeric(12, 6) NOT NULL,
    over_establishment numeric(12, 6) NOT NULL,
    agency numeric(12, 6) NOT NULL,
    agency_cover numeric(12, 6) NOT NULL,
    uncovered numeric(12, 6) NOT NULL,
    valid_from date NOT NULL,
    valid_to date NOT NULL,
    known_from timestamptz NOT NULL,
    known_to timestamptz NOT NULL,
    PRIMARY KEY (authority, place, valid_from, known_from),
    CHECK (valid_from < valid_to),
    CHECK (known_from < known_to)
);
