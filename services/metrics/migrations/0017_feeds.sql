-- What each feed has sent: by the source that its events state and the topic they stand on. Written with the events.
CREATE TABLE feed (
    authority text NOT NULL,
    source text NOT NULL,
    topic text NOT NULL,
    owner text NOT NULL,
    events bigint NOT NULL,
    first_recorded_at timestamptz NOT NULL,
    last_recorded_at timestamptz NOT NULL,
    last_accepted_at timestamptz NOT NULL,
    PRIMARY KEY (authority, source, topic)
);

INSERT INTO feed
SELECT
    authority,
    source,
    CASE
        WHEN type LIKE 'uk.workforce.post.%' THEN 'workforce.posts'
        WHEN type LIKE 'uk.workforce.cover.%' THEN 'workforce.agency-cover'
        WHEN type IN ('uk.workforce.worker.left.v1', 'uk.workforce.leaver.reversed.v1') THEN 'workforce.leavers'
        WHEN type LIKE 'uk.workforce.panel.%' THEN 'workforce.progression-panels'
        WHEN owner = 'recruitment' THEN 'workforce.hiring'
        ELSE 'workforce.working-life'
    END AS topic,
    owner,
    count(*),
    min(recorded_at),
    max(recorded_at),
    max(accepted_at)
FROM inbox
GROUP BY 1, 2, 3, 4;

-- Whether a figure is stale is judged by each owner that it rests on: one that is silent is not to be searched for among
-- all that others have recorded since.
CREATE INDEX inbox_by_owner_and_time ON inbox (authority, owner, recorded_at);
DROP INDEX inbox_by_time;
