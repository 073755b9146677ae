-- The files that others published, byte for byte as they were loaded. This is what must be kept: nothing is made of
-- events, and no event brings it back. A file that was loaded never changes.
CREATE TABLE published_file (
    kind text NOT NULL CHECK (kind IN ('release', 'neighbours')),
    name text NOT NULL,
    published date NOT NULL,
    loaded_at timestamptz NOT NULL DEFAULT now(),
    sha256 text NOT NULL,
    source text NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (kind, name)
);

-- What was read of a release's file, and by which reader: a reader that reads more reads the file again.
CREATE TABLE published_release (
    name text PRIMARY KEY,
    read_by smallint NOT NULL,
    rows integer NOT NULL,
    years smallint [] NOT NULL,
    -- Columns of the file that were not read.
    left_out text [] NOT NULL,
    -- Our names of what its other columns hold.
    measures text [] NOT NULL
);

CREATE TABLE published_figure (
    release text NOT NULL REFERENCES published_release (name) ON DELETE CASCADE,
    measure text NOT NULL,
    year smallint NOT NULL,
    level text NOT NULL CHECK (level IN ('national', 'regional', 'local-authority')),
    code text NOT NULL,
    name text NOT NULL,
    -- The code of an authority's region.
    region text,
    value numeric,
    -- What DfE put in place of a number.
    mark text,
    PRIMARY KEY (release, measure, year, level, code),
    CHECK ((value IS NULL) <> (mark IS NULL)),
    CHECK ((level = 'local-authority') = (region IS NOT NULL))
);
