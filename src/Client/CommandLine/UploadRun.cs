using System.Globalization;
using Media.Client;
using Media.Client.Uploading;

namespace Media.CommandLine;

/// <summary>The files of one <c>media upload</c>.</summary>
internal sealed class UploadRun(Uploader uploader, ProgressDisplay display, bool json, string? contentType)
{
    // Enough to hide the round trips of small files; large ones share the same transfers anyway.
    private const int MostSent = 4;

    // With those that wait for the server to verify them.
    private const int MostUnderWay = 32;

    private readonly List<MediaException> _failures = [];
    private readonly Lock _gate = new();
    private MediaException? _hopeless;

    public async Task<int> RunAsync(string[] files, int parallelism, CancellationToken cancellationToken)
    {
        using var underWay = new SemaphoreSlim(MostUnderWay);
        using var turns = new SemaphoreSlim(Math.Min(MostSent, parallelism));
        var work = new List<Task>();
        foreach (var file in files)
        {
            // Not cancelled: a file that is not begun any more is still told of.
            await underWay.WaitAsync(CancellationToken.None);
            await turns.WaitAsync(CancellationToken.None);
            work.Add(UploadAsync(file, underWay, turns, cancellationToken));
        }

        await Task.WhenAll(work);
        if (cancellationToken.IsCancellationRequested)
            await Console.Error.WriteLineAsync("media: interrupted. What was uploaded is kept: run the same command again to go on.");
        return ExitCode.Of(_failures);
    }

    private async Task UploadAsync(string file, SemaphoreSlim underWay, SemaphoreSlim turns, CancellationToken cancellationToken)
    {
        var turn = new Turn(display.Begin(Path.GetFileName(file)), turns);
        var since = TimeProvider.System.GetTimestamp();
        double Seconds() => Math.Round(TimeProvider.System.GetElapsedTime(since).TotalSeconds, 3);
        try
        {
            // Where the server is out of reach, or does not take the key, the next file fares no better.
            if (_hopeless is { } hopeless)
                throw hopeless;
            var outcome = await uploader.UploadAsync(file, contentType, turn, cancellationToken);
            if (outcome.Status == UploadStatus.Mismatched)
                Keep(new MediaException(MediaErrors.ContentMismatched, outcome.Reason!));
            display.End(turn.Line, () => Write(file, outcome, Seconds()));
        }
        catch (OperationCanceledException)
        {
            var isStored = turn.Line.Upload?.Phase == UploadPhase.Verifying;
            var message = isStored ? "Interrupted; the file is stored, and the server goes on verifying it." : "Interrupted; the upload can be resumed.";
            Fail(new MediaException(MediaErrors.Interrupted, message), turn.Line, file, Seconds());
        }
        catch (MediaException e)
        {
            if (e.IsUnauthorised && e.Status == 401 || (e.Code == MediaErrors.ServerUnreachable && turn.Line.Upload?.Tag is null))
                _hopeless = e;
            Fail(e, turn.Line, file, Seconds());
        }
        finally
        {
            turn.End();
            underWay.Release();
        }
    }

    private void Keep(MediaException failure)
    {
        lock (_gate)
            _failures.Add(failure);
    }

    private void Write(string file, UploadOutcome outcome, double seconds)
    {
        var upload = outcome.Upload;
        if (json)
            JsonLines.Write(UploadedFile.Of(file, outcome, seconds), JsonLines.Forms.UploadedFile);
        if (outcome.Status == UploadStatus.Mismatched)
        {
            Console.Error.WriteLine($"media: {Printable.Of(file)}: {upload.Tag} is not this file. {Printable.Of(outcome.Reason!)} [{MediaErrors.ContentMismatched}]");
            return;
        }

        if (outcome.LinkFailure is { Code: not MediaErrors.DeliveryNotConfigured } failure)
            Console.Error.WriteLine($"media: {Printable.Of(file)}: no link: {Printable.Of(failure.Message)} [{failure.Code}]");
        if (json)
            return;
        var rate = outcome.BytesSent > 0 && seconds > 0 ? $", {Sizes.Bytes(outcome.BytesSent / seconds)}/s" : "";
        var how = (outcome.Resumed ? "  (resumed)" : "") + (outcome.Status == UploadStatus.Duplicate && outcome.BytesSent == 0 && upload.Size > 0 ? "  (not sent)" : "");
        Console.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{UploadedFile.NameOf(outcome.Status)}  {upload.Tag}  {Sizes.Bytes(upload.Size ?? 0)}  {Printable.Of(file)}{how}  {seconds:0.0} s{rate}"));
    }

    private void Fail(MediaException failure, ProgressDisplay.FileLine line, string file, double seconds)
    {
        Keep(failure);
        display.End(line, () =>
        {
            if (json)
                JsonLines.Write(UnuploadedFile.Of(file, line.Upload, failure, seconds), JsonLines.Forms.UnuploadedFile);
            Console.Error.WriteLine($"media: {Printable.Of(file)}: {Printable.Of(Advice(failure, line.Upload))} [{failure.Code}]");
        });
    }

    private static string Advice(MediaException failure, UploadProgress? progress) => failure switch
    {
        { Code: "upload_locked", Problem.Holder: { } holder } => $"{failure.Message} {holder} holds it; --take-over takes it over.",
        { Code: "lease_lost", Problem.Holder: { } holder } => $"{failure.Message} {holder} took the upload over.",
        { Code: MediaErrors.ServerUnreachable } when progress is { Phase: UploadPhase.Verifying, Tag: { } tag } =>
            $"{failure.Message} The file is stored; 'media show {tag}' tells what came of it.",
        _ => failure.Message,
    };

    /// <summary>One file's turn to be sent, which the next one gets while the server verifies this one.</summary>
    private sealed class Turn(ProgressDisplay.FileLine line, SemaphoreSlim turns) : IProgress<UploadProgress>
    {
        private int _ended;

        public ProgressDisplay.FileLine Line => line;

        public void Report(UploadProgress value)
        {
            line.Report(value);
            if (value.Phase == UploadPhase.Verifying)
                End();
        }

        public void End()
        {
            if (Interlocked.Exchange(ref _ended, 1) == 0)
                turns.Release();
        }
    }
}
