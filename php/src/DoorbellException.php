<?php
// SPDX-License-Identifier: Apache-2.0

declare(strict_types=1);

namespace Doorbell;

use RuntimeException;

/** A node refused a wait. The message is the node's own sentence, the code its HTTP status. */
final class DoorbellException extends RuntimeException
{
}
