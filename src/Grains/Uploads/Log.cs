using Microsoft.Extensions.Logging;

namespace Media.Grains.Uploads;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Upload {Tag} is {State}")]
    public static partial void Entered(ILogger logger, string tag, UploadState state);

    [LoggerMessage(2, LogLevel.Warning, "Upload {Tag} became {State}, but the store did not take its clean-up; the orphan sweep will")]
    public static partial void LeftBehind(ILogger logger, Exception exception, string tag, UploadState state);

    [LoggerMessage(3, LogLevel.Error, "Upload {Tag} should have {Expected} bytes, but the store has {Found}")]
    public static partial void WrongSize(ILogger logger, string tag, long? expected, long found);

    [LoggerMessage(4, LogLevel.Error, "The object of content {PieceHash} is not what the catalog says; a challenge about it could not be judged")]
    public static partial void ContentChanged(ILogger logger, Exception exception, string pieceHash);
}
