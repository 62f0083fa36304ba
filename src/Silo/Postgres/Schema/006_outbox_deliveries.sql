-- One row for each event and each destination that is to be told of it. Those of one subject go to one destination one after the other, in the order of
-- the outbox: none is taken while one before it waits. due_at is when a process may take a row next: while it is being sent that is the end of the lease,
-- so that what a process that died had taken becomes due by itself.
create table outbox_deliveries (
    id             bigint generated always as identity primary key,
    outbox_id      bigint           not null references outbox (id),
    destination    text collate "C" not null,
    subject        text collate "C" not null,
    due_at         timestamptz      not null default now(),
    attempts       integer          not null default 0,
    lease          uuid,
    last_error     text,
    first_tried_at timestamptz,
    delivered_at   timestamptz,
    dead_at        timestamptz,
    unique (outbox_id, destination),
    check (delivered_at is null or dead_at is null)
);

create index outbox_deliveries_due on outbox_deliveries (destination, due_at, outbox_id) where delivered_at is null and dead_at is null;
create index outbox_deliveries_order on outbox_deliveries (destination, subject, outbox_id) where delivered_at is null and dead_at is null;
create index outbox_deliveries_dead on outbox_deliveries (destination, id) where dead_at is not null;
create index outbox_deliveries_delivered on outbox_deliveries (delivered_at) where delivered_at is not null;
create index outbox_dispatched on outbox (dispatched_at) where dispatched_at is not null;

-- When a process that has the destination in its settings last said so. One that nobody has any more is given up.
create table outbox_destinations (
    name    text collate "C" primary key,
    seen_at timestamptz not null default now()
);
