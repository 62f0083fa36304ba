namespace Media.Silo.Thumbnails;

/// <summary>Why there are no thumbnails of a file, and will be none however often it is tried.</summary>
/// <param name="Reason">One of <see cref="ThumbnailFailureReasons"/>.</param>
/// <param name="Detail">A sentence.</param>
internal sealed record ThumbnailFailure(string Reason, string Detail);

/// <summary>The words that failures are recorded with.</summary>
internal static class ThumbnailFailureReasons
{
    /// <summary>The programs for images are not installed, or do not run.</summary>
    public const string NoImageTool = "no_image_tool";

    /// <summary>The program for videos is not installed, or does not run.</summary>
    public const string NoVideoTool = "no_video_tool";

    /// <summary>Files of this type get no thumbnails.</summary>
    public const string UnsupportedType = "unsupported_type";

    /// <summary>The file is not what it was said to be.</summary>
    public const string TypeMismatch = "type_mismatch";

    /// <summary>More bytes than the limit.</summary>
    public const string TooLarge = "too_large";

    /// <summary>More pixels than the limit.</summary>
    public const string TooManyPixels = "too_many_pixels";

    /// <summary>Broken, cut off, or of a kind that the program does not know.</summary>
    public const string Unreadable = "unreadable";

    /// <summary>It took longer than the limit.</summary>
    public const string Timeout = "timeout";

    /// <summary>It took more memory than the limit.</summary>
    public const string OutOfMemory = "out_of_memory";
}
