using Media.Grains.Contents;
using Media.Grains.Ports;
using Media.Silo.Jobs;
using Media.Silo.Postgres;
using Microsoft.Extensions.Options;

namespace Media.Silo.Workers;

/// <summary>
/// Has contents collected that nothing refers to and that no job is there for: promotions that never came to their end, and contents whose last file went
/// while the job for an earlier last one was about to end.
/// </summary>
internal sealed partial class SweepContentsJob(PostgresCatalog catalog, JobStore jobs, IOptions<ContentOptions> options, ILogger<SweepContentsJob> logger) : IRecurringJobHandler
{
    private const int Page = 1_000;

    public string Kind => "sweep-contents";

    // They cost storage, not correctness.
    public TimeSpan Period => TimeSpan.FromHours(1);

    public async Task RunAsync(JobContext job, CancellationToken cancellationToken)
    {
        // The rest of a page that is full is the next run's: a content stays in it until its job is done.
        var planned = 0;
        foreach (var pieceHash in await catalog.FindUnreferencedAsync(options.Value.DeletionGrace, Page, cancellationToken))
        {
            if (await jobs.EnqueueAsync(JobKinds.CollectContent, pieceHash, "{}"u8.ToArray(), TimeSpan.Zero, cancellationToken) is not null) planned++;
        }

        if (planned > 0) LogPlanned(planned);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} contents that nothing refers to are to be deleted.")]
    private partial void LogPlanned(int count);
}
