using System.CommandLine;
using System.Globalization;
using Media.Client;
using Media.Client.Downloading;

namespace Media.CommandLine;

/// <summary><c>media get FILEID</c></summary>
internal static class GetCommand
{
    private const string StandardOutput = "-";

    public static Command Create(CommonOptions common)
    {
        var id = new Argument<string>("FILEID") { Description = "The id of a file in the catalog; the tag of the upload that it came by." };
        var output = new Option<string?>("--output", "-o") { Description = "Where to: a file, a folder, or - for standard output. Default: the file's name, in this folder.", HelpName = "FILE" };
        var force = new Option<bool>("--force", "-f") { Description = "Replace a file that is there already." };
        var noVerify = new Option<bool>("--no-verify") { Description = "Do not compare what came with the catalog's hash." };
        var referer = new Option<string?>("--referer")
        {
            Description = "An origin that the delivery gate allows. Default: MEDIA_REFERER, else the server's own.", HelpName = "URL",
        };
        var retryFor = new Option<int>("--retry-for") { Description = "How long to try again while server or gate fail, in seconds.", HelpName = "SECONDS", DefaultValueFactory = _ => 300 };
        var quiet = new Option<bool>("--quiet", "-q") { Description = "Show no progress." };
        referer.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } text && OriginOf(text) is null)
                result.AddError("--referer is not an http or https address.");
        });
        retryFor.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 0 or > 86400)
                result.AddError("--retry-for is 0 to 86400 seconds.");
        });

        var command = new Command("get", "Download a file. One that was cut off goes on where it was: run the same command again.")
        {
            id, output, force, noVerify, referer, retryFor, quiet,
        };
        command.SetAction((arguments, cancellationToken) => ServerCall.RunAsync(common, arguments, async client =>
        {
            var options = new DownloaderOptions
            {
                Verify = !arguments.GetValue(noVerify),
                Overwrite = arguments.GetValue(force),
                OutageLimit = TimeSpan.FromSeconds(arguments.GetValue(retryFor)),
                Referer = OriginOf(arguments.GetValue(referer) ?? Environment.GetEnvironmentVariable("MEDIA_REFERER")),
            };
            using var delivery = MediaClient.CreateDeliveryClient();
            var downloader = new Downloader(client, delivery, options);
            var file = await downloader.FindAsync(arguments.GetValue(id)!, cancellationToken);
            return await DownloadAsync(downloader, file, arguments.GetValue(output), arguments.GetValue(quiet), common.Json(arguments), cancellationToken);
        }));
        return command;
    }

    private static async Task<int> DownloadAsync(
        Downloader downloader, CatalogFile file, string? output, bool quiet, bool json, CancellationToken cancellationToken)
    {
        var since = TimeProvider.System.GetTimestamp();
        await using var display = new ProgressDisplay(quiet);
        var line = display.Begin(file.FileName);
        try
        {
            DownloadOutcome outcome;
            if (output == StandardOutput)
            {
                await using var standard = Console.OpenStandardOutput();
                outcome = await downloader.DownloadAsync(file, standard, line, cancellationToken);
            }
            else
            {
                outcome = await downloader.DownloadAsync(file, TargetOf(file, output), line, cancellationToken);
            }

            display.End(line, () => Write(outcome, json, TimeProvider.System.GetElapsedTime(since).TotalSeconds));
            return ExitCode.Ok;
        }
        catch (MediaException e)
        {
            // Standard output is the file's where it goes there.
            if (json && output != StandardOutput)
                display.End(line, () => JsonLines.Write(FailedFile.Of(file.Id, e), JsonLines.Forms.FailedFile));
            throw;
        }
        catch (OperationCanceledException)
        {
            display.End(line, () => Console.Error.WriteLine(
                "media: interrupted." + (output == StandardOutput ? "" : " What came is kept: run the same command again to go on.")));
            throw;
        }
    }

    private static string TargetOf(CatalogFile file, string? output)
    {
        // The server has cleaned the name; a folder, or the way to one, it must not be even where it has not.
        var name = Path.GetFileName(file.FileName.Replace('\\', '/'));
        if (name.Length == 0 || name is "." or ".." || name.Contains('\0', StringComparison.Ordinal))
            name = file.Id;
        return output is null ? name : Directory.Exists(output) || Path.EndsInDirectorySeparator(output) ? Path.Combine(output, name) : output;
    }

    private static void Write(DownloadOutcome outcome, bool json, double seconds)
    {
        if (outcome.Path is not { } path)
            return;
        var file = outcome.File;
        if (json)
        {
            var downloaded = new DownloadedFile(
                file.Id, outcome.Verified || file.Size == 0 ? "verified" : "unverified", path, file.Size, outcome.BytesReceived, outcome.Resumed, Math.Round(seconds, 3),
                file.ContentType, file.TipHash, file.PieceHash);
            JsonLines.Write(downloaded, JsonLines.Forms.DownloadedFile);
            return;
        }

        var rate = outcome.BytesReceived > 0 && seconds > 0 ? $", {Sizes.Bytes(outcome.BytesReceived / seconds)}/s" : "";
        var how = (outcome.Resumed ? "  (resumed)" : "") + (outcome.Verified || file.Size == 0 ? "" : "  (not verified)");
        Console.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"downloaded  {file.Id}  {Sizes.Bytes(file.Size)}  {Printable.Of(path)}{how}  {seconds:0.0} s{rate}"));
    }

    private static Uri? OriginOf(string? given) =>
        Uri.TryCreate(given, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" && address.Host.Length > 0 ? address : null;
}
