namespace Media.DevStorage.Faults;

/// <summary>Holds the rules that are on, and makes the first that matches happen to a request.</summary>
internal sealed class FaultSwitch(TimeProvider time)
{
    private readonly Lock _gate = new();
    private List<Entry> _rules = [];

    public IReadOnlyList<FaultRule> Rules
    {
        get
        {
            lock (_gate)
            {
                return [.. _rules.Select(e => e.Rule)];
            }
        }
    }

    public void Set(IEnumerable<FaultRule> rules)
    {
        lock (_gate)
        {
            _rules = [.. rules.Select(r => new Entry(r))];
        }
    }

    /// <summary>Does what is to be done before the operation, and arranges what is to happen during it.</summary>
    /// <exception cref="S3Exception">The fault is an error status.</exception>
    public async Task<FaultRule?> ApplyAsync(HttpContext http, string operation, RequestTarget target)
    {
        if (Choose(operation, $"{target.Bucket}/{target.Key}") is not { } rule)
            return null;
        if (rule.LatencyMs > 0)
            await Task.Delay(TimeSpan.FromMilliseconds(rule.LatencyMs), time, http.RequestAborted);
        switch (rule.Status)
        {
            case null:
                break;
            case 500:
                throw S3Error.InternalError();
            case 503:
                throw new S3Exception(503, "SlowDown", "Please reduce your request rate.");
            case var status:
                throw new S3Exception(status.Value, "InjectedFault", "A fault was asked for.");
        }

        if (rule.TouchesBodies)
        {
            http.Request.Body = new FaultyStream(http.Request.Body, http, time, rule.BytesPerSecond, rule.CutRequestAfter, corruptAt: null);
            http.Response.Body = new FaultyStream(http.Response.Body, http, time, rule.BytesPerSecond, rule.CutResponseAfter, rule.CorruptSentAt);
        }

        if (rule.LoseAnswer)
            http.Response.Body = Stream.Null;
        return rule;
    }

    private FaultRule? Choose(string operation, string path)
    {
        lock (_gate)
        {
            foreach (var entry in _rules)
            {
                if (!entry.Rule.Matches(operation, path))
                    continue;
                var seen = entry.Seen++;
                if (seen >= entry.Rule.Skip && (entry.Rule.Times is not { } times || seen < entry.Rule.Skip + times))
                    return entry.Rule;
            }
        }

        return null;
    }

    private sealed class Entry(FaultRule rule)
    {
        public FaultRule Rule { get; } = rule;

        public int Seen { get; set; }
    }
}
