-- What DfE published, release by release. A release that was loaded never changes: DfE revises past years, and a
-- comparison names the release it is of.
CREATE TABLE benchmark_release (
    name text PRIMARY KEY,
    published date NOT NULL,
    loaded_at timestamptz NOT NULL DEFAULT now(),
    sha256 text NOT NULL,
    rows integer NOT NULL,
    years smallint [] NOT NULL,
    source text NOT NULL,
    -- Columns of the file that were not read.
    left_out text [] NOT NULL
);

CREATE TABLE benchmark_figure (
    release text NOT NULL REFERENCES benchmark_release (name),
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
