-- Work that outlives a request. due_at is when a worker may take a job next: while one runs it is the end of its lease,
-- so that a job whose worker died becomes due by itself.
create table jobs (
    id         bigint generated always as identity primary key,
    kind       text        not null,
    key        text,
    payload    jsonb       not null default '{}',
    checkpoint jsonb,
    due_at     timestamptz not null default now(),
    period     interval,
    attempts   integer     not null default 0,
    lease      uuid,
    last_error text,
    failed_at  timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (kind, key)
);

create index jobs_due on jobs (due_at, id) where failed_at is null;
