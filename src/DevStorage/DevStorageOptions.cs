namespace Media.DevStorage;

/// <summary>One pair of credentials. A bucket belongs to the access key that made it, and no other key may touch it.</summary>
public sealed class DevStorageKey
{
    /// <summary>The access key id, as in the credential scope of a signature.</summary>
    public string Id { get; set; } = "";

    /// <summary>The secret that signatures are checked with.</summary>
    public string Secret { get; set; } = "";

    /// <summary>When set, requests must carry this session token, as temporary credentials do; when not, a session token is refused.</summary>
    public string? SessionToken { get; set; }
}

/// <summary>What a <see cref="DevStorageServer"/> is told at start. Bound from the configuration section <c>Storage</c> or the command line.</summary>
public sealed class DevStorageOptions
{
    /// <summary>The folder that holds everything; made when it is missing. One process at a time may use it.</summary>
    public string Data { get; set; } = "";

    /// <summary>The address to listen on.</summary>
    public string Host { get; set; } = "127.0.0.1";

    /// <summary>The TCP port; 0 takes a free one.</summary>
    public int Port { get; set; }

    /// <summary>The region that credential scopes must name.</summary>
    public string Region { get; set; } = "us-east-1";

    /// <summary>The credentials that are honoured.</summary>
    public IList<DevStorageKey> Keys { get; } = [];

    /// <summary>Host names below which the first label is a bucket (virtual-host style), e.g. <c>bucket.localhost</c>.</summary>
    public IList<string> Domains { get; } = ["localhost"];

    /// <summary>
    /// True (default): a write is answered once it would survive a power cut. False: once it would survive a kill of the process;
    /// for tests on slow disks.
    /// </summary>
    public bool Fsync { get; set; } = true;

    /// <summary>How long a lifecycle rule's day lasts. Shorten it to see rules at work.</summary>
    public TimeSpan Day { get; set; } = TimeSpan.FromDays(1);

    /// <summary>How far a request's clock may be from ours before it is refused. AWS allows 15 minutes.</summary>
    public TimeSpan ClockSkew { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>How long a line may be silent while a copy takes its time; then a space is sent, as S3 does, before clients give the line up.</summary>
    public TimeSpan KeepAlive { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Where event notifications are posted when <see cref="Webhooks"/> has no entry for the configured ARN; null drops them.</summary>
    public Uri? Webhook { get; set; }

    /// <summary>Where event notifications for a queue's, topic's or function's ARN are posted.</summary>
    public IDictionary<string, Uri> Webhooks { get; } = new Dictionary<string, Uri>(StringComparer.Ordinal);

    /// <summary>When set, the fault switch at <c>/_admin/faults</c> is on, for requests that bear this token.</summary>
    public string? AdminToken { get; set; }

    /// <summary>The clock that signatures, expiry and lifecycle go by.</summary>
    public TimeProvider Time { get; set; } = TimeProvider.System;
}
