using System.CommandLine;
using System.Globalization;
using Media.Client;
using Media.Client.Uploading;

namespace Media.CommandLine;

/// <summary><c>media upload FILE…</c></summary>
internal static class UploadCommand
{
    // Enough to hide the round trips of small files; large ones share the same transfers anyway.
    private const int MostFiles = 4;

    public static Command Create(CommonOptions common)
    {
        var files = new Argument<string[]>("FILE") { Description = "Files to upload.", Arity = ArgumentArity.OneOrMore };
        var partSize = new Option<string?>("--part-size") { Description = "Size of a part, a multiple of 4 MiB, such as 16MiB. Default: the server's choice.", HelpName = "SIZE" };
        var parallel = new Option<int>("--parallel") { Description = "How many parts are sent at once, over all files.", HelpName = "N", DefaultValueFactory = _ => 5 };
        var contentType = new Option<string?>("--content-type") { Description = "The files' media type. Default: by extension.", HelpName = "TYPE" };
        var takeOver = new Option<bool>("--take-over") { Description = "Take an upload over that another client is holding." };
        var retryFor = new Option<int>("--retry-for") { Description = "How long to try again while server or store fail, in seconds.", HelpName = "SECONDS", DefaultValueFactory = _ => 300 };
        var quiet = new Option<bool>("--quiet", "-q") { Description = "Show no progress." };
        partSize.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } text && !Sizes.TryParse(text, out _))
                result.AddError("--part-size is a size, such as 16MiB.");
        });
        parallel.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > 64)
                result.AddError("--parallel is 1 to 64.");
        });
        retryFor.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 0 or > 86400)
                result.AddError("--retry-for is 0 to 86400 seconds.");
        });

        var command = new Command("upload", "Upload files. A file whose upload was cut off goes on where it was: run the same command again.")
        {
            files, partSize, parallel, contentType, takeOver, retryFor, quiet,
        };
        command.SetAction(async (arguments, cancellationToken) =>
        {
            using var http = MediaClient.CreateHttpClient();
            if (common.Connect(arguments, http, out var refused) is not { } client)
                return refused;
            var outage = TimeSpan.FromSeconds(arguments.GetValue(retryFor));
            var options = new UploaderOptions
            {
                ClientId = ProcessIdentity.ClientId,
                Parallelism = arguments.GetValue(parallel),
                PartSize = arguments.GetValue(partSize) is { } text && Sizes.TryParse(text, out var size) ? size : null,
                OutageLimit = outage,
                OnLocked = problem => arguments.GetValue(takeOver) || ProcessIdentity.IsGone(problem.Holder) ? LockDecision.TakeOver : LockDecision.Wait,
            };
            using var store = Uploader.CreateStoreClient();
            using var uploader = new Uploader(client, store, options);
            await using var display = new ProgressDisplay(arguments.GetValue(quiet));
            var run = new UploadRun(uploader, display, common.Json(arguments), arguments.GetValue(contentType));
            return await run.RunAsync(arguments.GetValue(files)!, Math.Min(MostFiles, options.Parallelism), cancellationToken);
        });
        return command;
    }

    /// <summary>The files of one command.</summary>
    private sealed class UploadRun(Uploader uploader, ProgressDisplay display, bool json, string? contentType)
    {
        private readonly List<MediaException> _failures = [];
        private readonly Lock _gate = new();
        private MediaException? _hopeless;

        public async Task<int> RunAsync(string[] files, int atOnce, CancellationToken cancellationToken)
        {
            using var turns = new SemaphoreSlim(atOnce);
            var work = new List<Task>();
            foreach (var file in files)
            {
                // Not cancelled: a file that is not begun any more is still told of.
                await turns.WaitAsync(CancellationToken.None);
                work.Add(UploadAsync(file, turns, cancellationToken));
            }

            await Task.WhenAll(work);
            if (cancellationToken.IsCancellationRequested)
                await Console.Error.WriteLineAsync("media: interrupted. What was uploaded is kept: run the same command again to go on.");
            return ExitCode.Of(_failures);
        }

        private async Task UploadAsync(string file, SemaphoreSlim turns, CancellationToken cancellationToken)
        {
            var line = display.Begin(Path.GetFileName(file));
            var since = TimeProvider.System.GetTimestamp();
            double Seconds() => Math.Round(TimeProvider.System.GetElapsedTime(since).TotalSeconds, 3);
            try
            {
                // Where the server is out of reach, or does not take the key, the next file fares no better.
                if (_hopeless is { } hopeless)
                    throw hopeless;
                var outcome = await uploader.UploadAsync(file, contentType, line, cancellationToken);
                display.End(line, () => WriteStored(file, outcome, Seconds()));
            }
            catch (OperationCanceledException)
            {
                var interrupted = new MediaException(MediaErrors.Interrupted, "Interrupted; the upload can be resumed.");
                Fail(interrupted, line, file, Seconds());
            }
            catch (MediaException e)
            {
                if (e.IsUnauthorised && e.Status == 401 || (e.Code == MediaErrors.ServerUnreachable && line.Progress?.Tag is null))
                    _hopeless = e;
                Fail(e, line, file, Seconds());
            }
            finally
            {
                turns.Release();
            }
        }

        private void WriteStored(string file, UploadOutcome outcome, double seconds)
        {
            var upload = outcome.Upload;
            if (json)
            {
                JsonLines.Write(new
                {
                    file, tag = upload.Tag, key = upload.Key, size = upload.Size, status = "stored", resumed = outcome.Resumed, seconds,
                    sent = outcome.BytesSent, contentType = upload.ContentType, tipHash = upload.TipHash, etag = upload.Etag, versionId = upload.VersionId,
                });
                return;
            }

            var rate = outcome.BytesSent > 0 && seconds > 0 ? $", {Sizes.Bytes(outcome.BytesSent / seconds)}/s" : "";
            Console.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"stored  {upload.Tag}  {Sizes.Bytes(upload.Size ?? 0)}  {Printable.Of(file)}{(outcome.Resumed ? "  (resumed)" : "")}  {seconds:0.0} s{rate}"));
        }

        private void Fail(MediaException failure, ProgressDisplay.FileLine line, string file, double seconds)
        {
            lock (_gate)
                _failures.Add(failure);
            display.End(line, () =>
            {
                var progress = line.Progress;
                if (json)
                {
                    JsonLines.Write(new
                    {
                        file, tag = progress?.Tag, key = progress?.Key, size = progress?.Size, status = "failed", resumed = progress?.Resumed ?? false, seconds,
                        code = failure.Code, error = failure.Message,
                    });
                }

                Console.Error.WriteLine($"media: {Printable.Of(file)}: {Printable.Of(Advice(failure))} [{failure.Code}]");
            });
        }

        private static string Advice(MediaException failure) => failure switch
        {
            { Code: "upload_locked", Problem.Holder: { } holder } => $"{failure.Message} {holder} holds it; --take-over takes it over.",
            { Code: "lease_lost", Problem.Holder: { } holder } => $"{failure.Message} {holder} took the upload over.",
            _ => failure.Message,
        };
    }
}
