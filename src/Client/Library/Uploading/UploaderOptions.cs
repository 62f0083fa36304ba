namespace Media.Client.Uploading;

/// <summary>What to do about an upload that another client holds.</summary>
public enum LockDecision
{
    /// <summary>Wait until its lease lapses, at most <see cref="UploaderOptions.LockWait"/>.</summary>
    Wait,

    /// <summary>Take the upload over; the other client's next request is refused.</summary>
    TakeOver,

    /// <summary>Fail with <c>upload_locked</c>.</summary>
    GiveUp,
}

/// <summary>How an <see cref="Uploader"/> goes about its work.</summary>
public sealed record UploaderOptions
{
    /// <summary>Who holds the leases: 1 to 128 characters of <c>!</c> to <c>~</c>, another one for each process.</summary>
    public required string ClientId { get; init; }

    /// <summary>
    /// How many parts are on their way at once, over all files of the uploader. More fills a line with a long round trip, fewer leaves
    /// room for others. 5 unless told.
    /// </summary>
    public int Parallelism { get; init; } = 5;

    /// <summary>The wanted part size in bytes, a multiple of 4 MiB; the server chooses unless told.</summary>
    public long? PartSize { get; init; }

    /// <summary>No byte moving for so long means that a transfer is dead and is begun again. 30 s unless told.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long the store may take to answer once the last byte was handed to the network. 2 min unless told; on a slow line the
    /// buffers below still drain in that time.
    /// </summary>
    public TimeSpan StoreAnswerTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long a server or store that fails is asked again before the upload gives up. 5 min unless told.</summary>
    public TimeSpan OutageLimit { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The same before the server ever answered: a wrong address should be told soon. 15 s unless told.</summary>
    public TimeSpan FirstContactLimit { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The first pause before a repetition; it doubles each time. 250 ms unless told.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The longest pause, unless the peer asks for more. 8 s unless told.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>How often the lease is renewed. 20 s unless told: a lease lasts 60 s.</summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long a call may take that only spares others some waiting: a lease given back, a lost upload aborted. 5 s unless told.</summary>
    public TimeSpan CourtesyLimit { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Decides about an upload that another client holds, from the problem's members. Waits unless told.</summary>
    public Func<MediaProblem, LockDecision> OnLocked { get; init; } = static _ => LockDecision.Wait;

    /// <summary>How long to wait for another client's lease. 90 s unless told: a lease without its client lapses after 60 s.</summary>
    public TimeSpan LockWait { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>How often a waiting client looks again. 2 s unless told.</summary>
    public TimeSpan LockPoll { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How many URLs are asked for at once. 64 unless told, at most 1 000.</summary>
    public int UrlBatch { get; init; } = 64;

    /// <summary>
    /// Whether parts that are there already are compared with the file by their ETag, where that is an MD5, before they are counted on.
    /// A file that was changed in its middle between two tries has the same tip hash. On unless told; off saves reading those parts.
    /// </summary>
    public bool CheckResumedParts { get; init; } = true;

    /// <summary>
    /// Whether an upload is over only when the server has read it back and verified it. On unless told; off ends it when the store has it, and
    /// the server verifies it all the same.
    /// </summary>
    public bool WaitForVerification { get; init; } = true;

    /// <summary>How long the link to a verified file is good for, in whole seconds; none is asked for unless told.</summary>
    public TimeSpan? LinkLifetime { get; init; }

    /// <summary>How often progress is told at most. 10 times a second unless told.</summary>
    public TimeSpan ProgressInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    internal RetryLimits RetryLimits => new(OutageLimit, FirstContactLimit, FirstPause, LongestPause);
}
