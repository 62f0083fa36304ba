using System.CommandLine;
using System.Globalization;
using Media.Client;

namespace Media.CommandLine;

/// <summary><c>media show TAG</c></summary>
internal static class ShowCommand
{
    public static Command Create(CommonOptions common)
    {
        var tag = new Argument<string>("TAG") { Description = "The upload's tag." };
        var command = new Command("show", "Show an upload, and how much of it is there.") { tag };
        command.SetAction((arguments, cancellationToken) => ServerCall.RunAsync(common, arguments, async client =>
        {
            var upload = await client.GetUploadAsync(arguments.GetValue(tag)!, cancellationToken);
            if (upload.State is UploadState.Created or UploadState.Uploading && upload.Plan.Strategy != PartStrategy.Single)
                upload = upload with { Parts = await client.GetPartsAsync(upload.Tag, cancellationToken) };
            if (common.Json(arguments))
                JsonLines.Write(upload, JsonLines.SparseForms.Upload);
            else
                Write(upload);
            return ExitCode.Ok;
        }));
        return command;
    }

    private static void Write(Upload upload)
    {
        Line("tag", upload.Tag);
        Line("state", upload.State.ToString());
        Line("file", upload.FileName);
        Line("type", upload.ContentType);
        Line("size", upload.Size is { } size ? string.Create(CultureInfo.InvariantCulture, $"{Sizes.Bytes(size)} ({size} bytes)") : null);
        Line("key", upload.Key);
        Line("tip hash", upload.TipHash);
        Line("piece hash", upload.PieceHash);
        Line("actual tip", upload.Actual?.TipHash);
        Line("actual hash", upload.Actual?.PieceHash);
        Line("actual type", upload.Actual?.DetectedType);
        Line("file id", upload.FileId);
        Line("reason", upload.Reason);
        Line("plan", upload.Plan is { PartCount: { } count, PartSize: { } partSize }
            ? string.Create(CultureInfo.InvariantCulture, $"{upload.Plan.Strategy}, {count} of {Sizes.Bytes(partSize)}")
            : upload.Plan.Strategy);
        if (upload.Parts is { } parts)
            Line("there", string.Create(CultureInfo.InvariantCulture, $"{parts.Count} parts, {Sizes.Bytes(parts.Sum(part => part.Size))}"));
        Line("holder", upload.Lease is { } lease ? string.Create(CultureInfo.InvariantCulture, $"{lease.ClientId}, until {lease.Until:u}") : null);
        Line("created", upload.CreatedAt?.ToString("u", CultureInfo.InvariantCulture));
        Line("expires", upload.ExpiresAt?.ToString("u", CultureInfo.InvariantCulture));
        Line("completed", upload.CompletedAt?.ToString("u", CultureInfo.InvariantCulture));
        Line("etag", upload.Etag);
        Line("version", upload.VersionId);
    }

    private static void Line(string name, string? value)
    {
        if (value is not null)
            Console.Out.WriteLine($"{name,-11} {Printable.Of(value)}");
    }
}
